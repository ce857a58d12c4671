"""Where contacts take place: dispatch, work lists, adapters per channel, outcomes."""
