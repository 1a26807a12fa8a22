"""Documented security group rules, generated as Terraform HCL and CloudFormation YAML."""

__version__ = "0.1.0"
