"""customer_view: who the subscriber is."""
