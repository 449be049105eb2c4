"""The bundle: Andiron with a Python and a model of its own in one folder, to unpack and run.

recipe ─► build (PyInstaller) ─► folder ─► manifest ─► archive, Debian package
                                   └─► trial: run with nothing else there
"""
