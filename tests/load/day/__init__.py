"""The replay of an academy's peak hour: arrivals, what people do, what is watched meanwhile, the report."""
