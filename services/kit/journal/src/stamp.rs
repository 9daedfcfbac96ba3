//! Times and days as Postgres keeps them: in binary, without a detour over another calendar.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::types::time::{Date as WireDate, OffsetDateTime};
use sqlx::{Decode, Encode, Postgres, Type, ValueRef};
use vocab::{Date, Moment};

/// Microseconds from 1970 to 2000, where Postgres counts from.
const EPOCH_MICROS: i64 = 946_684_800 * 1_000_000;
/// Days from 1970 to 2000.
const EPOCH_DAYS: i32 = 10_957;

/// A [`Moment`] as `timestamptz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub Moment);

/// A [`Date`] as `date`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub Date);

impl Type<Postgres> for Stamp {
    fn type_info() -> PgTypeInfo {
        <OffsetDateTime as Type<Postgres>>::type_info()
    }
}

impl PgHasArrayType for Stamp {
    fn array_type_info() -> PgTypeInfo {
        <OffsetDateTime as PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for Stamp {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode(self.0.micros() - EPOCH_MICROS, buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Stamp {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let micros = binary::<8>(&value).map(i64::from_be_bytes)?;
        let micros = micros.checked_add(EPOCH_MICROS).ok_or("a time too late")?;
        Ok(Self(Moment::from_micros(micros)?))
    }
}

impl Type<Postgres> for Day {
    fn type_info() -> PgTypeInfo {
        <WireDate as Type<Postgres>>::type_info()
    }
}

impl PgHasArrayType for Day {
    fn array_type_info() -> PgTypeInfo {
        <WireDate as PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for Day {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode(self.0.day_number() - EPOCH_DAYS, buffer)
    }
}

impl<'r> Decode<'r, Postgres> for Day {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        let days = binary::<4>(&value).map(i32::from_be_bytes)?;
        let days = days.checked_add(EPOCH_DAYS).ok_or("a day too late")?;
        Ok(Self(Date::from_day_number(days)?))
    }
}

/// Takes a number out of a row that a prepared statement returned.
fn binary<const N: usize>(value: &PgValueRef<'_>) -> Result<[u8; N], BoxDynError> {
    if value.format() != sqlx::postgres::PgValueFormat::Binary || value.is_null() {
        return Err("a time is read from prepared statements only".into());
    }
    Ok(value.as_bytes()?.try_into()?)
}
