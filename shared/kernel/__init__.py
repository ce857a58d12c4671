"""Clock, identity, faults and text: the few ideas every part shares; standard library only."""
