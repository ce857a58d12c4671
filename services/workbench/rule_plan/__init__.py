"""What a change of the rules does before it goes live: whom it gains and loses, and what that means for contacts."""
