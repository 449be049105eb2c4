"""`andiron update`: what is new, in an environment beside the one in use, tried before it is switched to."""
