//! Currencies: the active codes of ISO 4217 that have a minor unit, as published in January 2026.
//!
//! Metals, bond units, test codes and the like (XAU, XBA, XTS, XXX) have no minor unit, so no
//! amount of them can be exact; they are refused like codes that do not exist.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

#[cfg(test)]
mod tests;

/// A currency that amounts can be in.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    minor_digits: u8,
}

/// Says that a text is not the code of a currency that amounts can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not the code of an active ISO 4217 currency with a minor unit")]
pub struct UnknownCurrency;

impl Currency {
    /// The euro, with two digits after the point.
    pub const EUR: Self = Self {
        code: *b"EUR",
        minor_digits: 2,
    };
    /// The United States dollar, with two digits after the point.
    pub const USD: Self = Self {
        code: *b"USD",
        minor_digits: 2,
    };
    /// The yen, with no digits after the point.
    pub const JPY: Self = Self {
        code: *b"JPY",
        minor_digits: 0,
    };
    /// The Kuwaiti dinar, with three digits after the point.
    pub const KWD: Self = Self {
        code: *b"KWD",
        minor_digits: 3,
    };
    /// The Chilean unit of account, with four digits after the point.
    pub const CLF: Self = Self {
        code: *b"CLF",
        minor_digits: 4,
    };

    /// Returns the three capital letters.
    pub fn code(&self) -> &str {
        str::from_utf8(&self.code).unwrap_or_default()
    }

    /// Returns how many decimal digits stand after the point: 0, 2, 3 or 4.
    pub const fn minor_digits(self) -> u32 {
        self.minor_digits as u32
    }

    /// Returns how many minor units make one whole unit: 1, 100, 1,000 or 10,000.
    pub const fn minor_per_unit(self) -> i64 {
        10_i64.pow(self.minor_digits())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| UnknownCurrency)?;
        let minor_digits = minor_digits(&code).ok_or(UnknownCurrency)?;
        Ok(Self { code, minor_digits })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The table of ISO 4217, by the number of digits.
fn minor_digits(code: &[u8; 3]) -> Option<u8> {
    match code {
        b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF"
        | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => Some(0),
        b"AED" | b"AFN" | b"ALL" | b"AMD" | b"AOA" | b"ARS" | b"AUD" | b"AWG" | b"AZN" | b"BAM"
        | b"BBD" | b"BDT" | b"BMD" | b"BND" | b"BOB" | b"BOV" | b"BRL" | b"BSD" | b"BTN"
        | b"BWP" | b"BYN" | b"BZD" | b"CAD" | b"CDF" | b"CHE" | b"CHF" | b"CHW" | b"CNY"
        | b"COP" | b"COU" | b"CRC" | b"CUP" | b"CVE" | b"CZK" | b"DKK" | b"DOP" | b"DZD"
        | b"EGP" | b"ERN" | b"ETB" | b"EUR" | b"FJD" | b"FKP" | b"GBP" | b"GEL" | b"GHS"
        | b"GIP" | b"GMD" | b"GTQ" | b"GYD" | b"HKD" | b"HNL" | b"HTG" | b"HUF" | b"IDR"
        | b"ILS" | b"INR" | b"IRR" | b"JMD" | b"KES" | b"KGS" | b"KHR" | b"KPW" | b"KYD"
        | b"KZT" | b"LAK" | b"LBP" | b"LKR" | b"LRD" | b"LSL" | b"MAD" | b"MDL" | b"MGA"
        | b"MKD" | b"MMK" | b"MNT" | b"MOP" | b"MRU" | b"MUR" | b"MVR" | b"MWK" | b"MXN"
        | b"MXV" | b"MYR" | b"MZN" | b"NAD" | b"NGN" | b"NIO" | b"NOK" | b"NPR" | b"NZD"
        | b"PAB" | b"PEN" | b"PGK" | b"PHP" | b"PKR" | b"PLN" | b"QAR" | b"RON" | b"RSD"
        | b"RUB" | b"SAR" | b"SBD" | b"SCR" | b"SDG" | b"SEK" | b"SGD" | b"SHP" | b"SLE"
        | b"SOS" | b"SRD" | b"SSP" | b"STN" | b"SVC" | b"SYP" | b"SZL" | b"THB" | b"TJS"
        | b"TMT" | b"TOP" | b"TRY" | b"TTD" | b"TWD" | b"TZS" | b"UAH" | b"USD" | b"USN"
        | b"UYU" | b"UZS" | b"VED" | b"VES" | b"WST" | b"XAD" | b"XCD" | b"XCG" | b"YER"
        | b"ZAR" | b"ZMW" | b"ZWG" => Some(2),
        b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => Some(3),
        b"CLF" | b"UYW" => Some(4),
        _ => None,
    }
}
