"""Prompts as data. Empty until a model joins: no part of the main job needs one."""
