"""What a contact limit means: frozen values and pure functions; time is an argument, in microseconds since 1970 UTC."""
