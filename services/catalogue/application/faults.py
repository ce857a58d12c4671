"""Faults of this service beyond the shared ones."""

from shared.kernel.faults import Fault


class BatchTooLarge(Fault):
    """More items than one call may carry; `details` names the limit."""

    code = "batch_too_large"


class ResultTooLarge(Fault):
    """More offerings than one reply may carry; narrower filters help."""

    code = "result_too_large"
