"""What is true of campaigns whoever stores or sends it: frozen values and pure functions."""
