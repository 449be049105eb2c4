"""`WS /ws`: many requests at once over one socket; the same work as over HTTP, through the same table."""
