"""What the routes of accounts take and give. Passwords only come in."""

from __future__ import annotations

from typing import Any

from contracts.tenant import TENANT
from marshmallow import Schema, ValidationError, fields, validate
from servicekit.fields import Data, Id, Password, StrictSchema, Text

from students.domain.accounts import normalise_login
from students.schemas.inputs import BlankIsNothing, Phone


class Academy(Text):
    """The academy's code as its people type it; whether there is such an academy is not said."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(63, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        code = super()._deserialize(value, attr, data, **kwargs).lower()
        if not TENANT.fullmatch(code):
            raise ValidationError("학원 코드는 영문 소문자, 숫자, 하이픈(-)으로만 되어 있습니다.")
        return code


class LoginId(Text):
    """A login id as its owner types it."""

    def _deserialize(self, value: Any, attr: str | None, data: Data, **kwargs: Any) -> str:
        return normalise_login(super()._deserialize(value, attr, data, **kwargs))


class SignIn(StrictSchema):
    """Who one says to be."""

    academy = Academy(required=True)
    login_id = LoginId(100, required=True)
    password = Password(min=1, required=True)


class NewPassword(SignIn):
    """The password in use and the one to come."""

    new_password = Password(min=8, required=True)


class Refresh(StrictSchema):
    """A refresh token; any text that is none is a wrong token, not a wrong request."""

    refresh_token = Text(1000, blank=True, required=True)


class Reset(StrictSchema):
    """A password from the desk, to be changed at first use."""

    new_password = Password(min=4, required=True)


class AccountSchema(Schema):
    """Whose sign-in it is: `kind` student or parent, the account's id."""

    kind = fields.String(required=True)
    id = fields.UUID(required=True)
    name = fields.String(required=True)


class TokensSchema(Schema):
    """`expires_in`: seconds of the access token; the refresh token is good for 30 days, once."""

    access_token = fields.String(required=True)
    refresh_token = fields.String(required=True)
    expires_in = fields.Integer(required=True)
    account = fields.Nested(AccountSchema, required=True)


class SignInQuery(StrictSchema):
    """A sign-in as its access token names it: `sid` and `sub`."""

    tenant_id = fields.String(required=True, validate=validate.Regexp(rf"(?:{TENANT.pattern})\Z"))
    session = Id(required=True)
    subject = Id(required=True)


class SignInStateSchema(Schema):
    """`student_ids`: whose things it may see; none when it is not alive."""

    alive = fields.Boolean(required=True)
    student_ids = fields.List(fields.UUID(), required=True)


class KeysSchema(Schema):
    """A JWKS (RFC 7517)."""

    keys = fields.List(fields.Dict(), required=True)


class OwnRecordSchema(Schema):
    """A record as its owner and the parent see it: without what the desk notes down for itself."""

    id = fields.UUID(required=True)
    name = fields.String(required=True)
    login_id = fields.String(required=True, allow_none=True)
    student_phone = fields.String(required=True, allow_none=True)
    parent_phone = fields.String(required=True)
    school = fields.String(required=True, allow_none=True)
    school_type = fields.String(required=True, allow_none=True)
    grade = fields.Integer(required=True, allow_none=True)
    gender = fields.String(required=True, allow_none=True)
    school_class = fields.String(required=True, allow_none=True)
    major = fields.String(required=True, allow_none=True)
    origin_school = fields.String(required=True, allow_none=True)
    address = fields.String(required=True, allow_none=True)
    omr_code = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)


class MeSchema(OwnRecordSchema):
    """`kind` student: the own record. `kind` parent: id, name, phone, login_id and the active children."""

    kind = fields.String(required=True)
    phone = fields.String()
    children = fields.List(fields.Nested(OwnRecordSchema))


class OwnChanges(BlankIsNothing):
    """What students may change themselves; null or "" removes it."""

    student_phone = Phone(allow_none=True, blank=True)
    address = Text(300, allow_none=True, blank=True)
