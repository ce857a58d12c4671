"""The faults a distributed Banyan must survive, dealt to real servers and processes, with an account at the end."""
