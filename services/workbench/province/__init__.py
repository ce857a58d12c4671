"""A generated province: synthetic subscribers whose margins follow published statistics of Fujian's operator.

Everything made here is synthetic and must be labelled so wherever it is shown. Subscriber number i depends on nothing
but (seed, i): memory stays constant at any size and pages may be made in parallel or in any order.
"""

from services.workbench.province.lists import lists
from services.workbench.province.organic import organic_adopter
from services.workbench.province.subscribers import AS_OF, LABEL, customer_id, subscriber, subscribers

__all__ = ["AS_OF", "LABEL", "customer_id", "lists", "organic_adopter", "subscriber", "subscribers"]
