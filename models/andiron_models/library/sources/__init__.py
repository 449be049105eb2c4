"""Where models come from: one module a transport, each with one function that fills a Part.

A source raises SourceError when it cannot give the model; `fetch` then tries the next one.
"""
