"""What goes over the wire and what comes back: pure, standard library only, no clock, no socket, no environment."""
