"""The measurements of `make bench`; only ratios within one run say anything, since machines and their neighbours differ."""
