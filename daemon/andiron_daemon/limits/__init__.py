"""How much may be asked: requests a second for a client, time for a stage, tokens a day for what costs money."""
