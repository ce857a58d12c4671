"""The store, one file per channel, the SMS gateway and the simulator."""
