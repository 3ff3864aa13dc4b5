"""Incidents in files: other tools' and our own, in and out, however large or broken the file is."""
