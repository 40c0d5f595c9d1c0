"""Answers of usage and cost. Money in US dollars, as text."""

from __future__ import annotations

from marshmallow import Schema, fields


class _PricesSchema(Schema):
    """Of R2, Standard class, without tax; read on `as_of`."""

    storage_gb_month = fields.Decimal(required=True, as_string=True)
    class_a_million = fields.Decimal(required=True, as_string=True)
    class_b_million = fields.Decimal(required=True, as_string=True)
    free_gb = fields.Integer(required=True)
    as_of = fields.Date(required=True)


class _ForecastSchema(Schema):
    days = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    usd = fields.Decimal(required=True, as_string=True)


class _TotalSchema(Schema):
    """`byte_months`: the mean of this month's daily peaks; `usd` as the bill rounds it."""

    byte_months = fields.Integer(required=True)
    usd = fields.Decimal(required=True, as_string=True)
    forecast = fields.List(fields.Nested(_ForecastSchema), required=True)


class _ShareSchema(Schema):
    """A part, priced without rounding and without the free gigabytes: only the sum is billed."""

    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)
    usd = fields.Decimal(required=True, as_string=True)


class _BucketSchema(_ShareSchema):
    bucket = fields.String(required=True)


class _ClassSchema(_BucketSchema):
    class_ = fields.String(required=True, data_key="class", attribute="class")


class _TenantSchema(_ShareSchema):
    tenant_id = fields.String(required=True)


class _DaySchema(Schema):
    day = fields.Date(required=True)
    bytes = fields.Integer(required=True)


class _ListingSchema(Schema):
    """Requests of class A that sweeps have made in 30 days, and what those alone would cost."""

    pages = fields.Integer(required=True)
    usd = fields.Decimal(required=True, as_string=True)


class UsageSchema(Schema):
    """`tenants`: the 200 heaviest."""

    prices = fields.Nested(_PricesSchema, required=True)
    total = fields.Nested(_TotalSchema, required=True)
    listing = fields.Nested(_ListingSchema, required=True)
    buckets = fields.List(fields.Nested(_BucketSchema), required=True)
    classes = fields.List(fields.Nested(_ClassSchema), required=True)
    tenants = fields.List(fields.Nested(_TenantSchema), required=True)
    days = fields.List(fields.Nested(_DaySchema), required=True)


class _OwnClassSchema(Schema):
    bucket = fields.String(required=True)
    class_ = fields.String(required=True, data_key="class", attribute="class")
    objects = fields.Integer(required=True)
    bytes = fields.Integer(required=True)


class OwnUsageSchema(Schema):
    bytes = fields.Integer(required=True)
    classes = fields.List(fields.Nested(_OwnClassSchema), required=True)
    days = fields.List(fields.Nested(_DaySchema), required=True)
