"""How text is generated: backends, the local engine and the model library.

Knows nothing of HTTP servers, databases or users; the daemon brings those.
"""
