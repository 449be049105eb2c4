"""The speed and quality figures, run by hand: ratios within one run, because machines are noisy."""
