"""Altinn's apps: instances, data elements and the process of one app, and the list of instances across apps.

Known to differ: there is one app, the number of a party is made from its organisation number, and the person who confirms
does it at the tester's page.
"""
