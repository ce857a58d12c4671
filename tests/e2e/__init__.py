"""The main job and everything bad that may happen to it, on real servers, each service a process."""
