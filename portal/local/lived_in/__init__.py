"""The lived-in demonstration: months of a vendor's work, done by the portal's services against the sandbox.

No row is written past a service. Services are given the time of the day that is told, and the sandbox's clock stands there too, so
both sides have the same history. What takes the time of the machine (when a row of a customer was made) is left as it is.
"""
