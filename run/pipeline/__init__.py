"""The parts of `all_in_one_backup.py`: media in, speech to text, translation, rewriting, files out.

Standard library and quotakeeper's core only, so that it runs with a bare `python3`.
"""
