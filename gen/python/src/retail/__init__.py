"""The clients of Retail Mesh for Python.

The contracts lie in one package per context, such as `retail.order.v1`. They are generated; written
by hand are only `retail.ids`, which reads and writes identifiers, and `retail.refusals`, which
reads why a call was refused.
"""
