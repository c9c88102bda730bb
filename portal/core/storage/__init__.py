"""Where files are stored: a folder of this machine, or a bucket that speaks S3, which all machines share.

`configuration` reads the settings, `s3` is the storage of Django for a bucket, `names` lists what is stored, `trying` tells whether
the storage can be used. What the files are is known to others.
"""
