"""What runs before anything is installed: standard library only, Python 3.11 and newer.

A test holds it to that. Everything that needs the installed packages is in `andiron_installer.setup` and
runs inside the environment that is made here.
"""
