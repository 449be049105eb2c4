"""Other people's protocols, for clients that exist already: OpenAI's, llama.cpp's, Ollama's and Tabby's.

Each is a translation onto the services the native API has: what fills a gap goes through the whole completion
pipeline, what chats goes through the router. Nothing said here is kept as a conversation; the client keeps it.
"""
