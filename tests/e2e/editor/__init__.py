"""The extension in a real Code-OSS: one daemon, one code-server and one window for all tests of this folder."""
