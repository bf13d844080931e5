"""Faust agents: the stages that read a topic. The human agent is a `rep` in code."""
