//! The weekdays on which the exchanges were shut, year by year: facts, and nothing else.
//!
//! Source: the exchanges' holiday notices as public trackers list them; held equal to the 8,797 sessions
//! of an independent list of trading days by a test of `calendar`. To add a year, add its row and move
//! [`LAST`]: the exchanges publish a year's closures in the November or December before it.

use jiff::civil::{Date, date};

use Holiday::{
    DragonBoat, HongKongReturn, LabourDay, MacaoReturn, MidAutumn, NationalDay, NewYear, QingMing, SpringFestival,
    VictoryDay,
};

/// The first session ever: Shanghai opened.
pub(super) const FIRST: Date = date(1990, 12, 19);

/// The last session known.
pub(super) const LAST: Date = date(2026, 12, 31);

/// Why the exchanges are shut on a weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Holiday {
    /// 1 January.
    NewYear,
    /// The Lunar New Year.
    SpringFestival,
    /// Tomb Sweeping Day, a public holiday since 2008.
    QingMing,
    /// 1 May.
    LabourDay,
    /// The fifth day of the fifth lunar month, a public holiday since 2008.
    DragonBoat,
    /// The fifteenth day of the eighth lunar month, a public holiday since 2008.
    MidAutumn,
    /// 1 October; with the Mid-Autumn Festival where the two meet.
    NationalDay,
    /// The return of Hong Kong, 1997.
    HongKongReturn,
    /// The return of Macao, 1999.
    MacaoReturn,
    /// The seventieth anniversary of the victory of 1945, in 2015.
    VictoryDay,
    /// Announced by the exchanges after this table was written; a config lists it.
    Announced,
}

/// The closures of one year: the holiday, its first and its last closed weekday as month x 100 + day.
/// Weekends inside a closure need no mention: the exchanges have never held a session on one.
pub(super) type Year = (i16, &'static [(Holiday, i16, i16)]);

/// Every closure on a weekday from the first session on.
#[rustfmt::skip]
pub(super) const YEARS: &[Year] = &[
    (1990, &[]),
    (1991, &[(NewYear, 101, 101), (SpringFestival, 215, 218), (LabourDay, 501, 501), (NationalDay, 1001, 1002)]),
    (1992, &[(NewYear, 101, 101), (SpringFestival, 204, 206), (LabourDay, 501, 501), (NationalDay, 1001, 1002)]),
    (1993, &[(NewYear, 101, 101), (SpringFestival, 125, 126), (NationalDay, 1001, 1001)]),
    (1994, &[(SpringFestival, 207, 211), (LabourDay, 502, 502), (NationalDay, 1003, 1004)]),
    (1995, &[(NewYear, 102, 102), (SpringFestival, 130, 203), (LabourDay, 501, 501), (NationalDay, 1002, 1003)]),
    (1996, &[(NewYear, 101, 101), (SpringFestival, 219, 301), (LabourDay, 501, 501), (NationalDay, 930, 1002)]),
    (1997, &[(NewYear, 101, 101), (SpringFestival, 203, 214), (LabourDay, 501, 502), (HongKongReturn, 630, 701),
        (NationalDay, 1001, 1003)]),
    (1998, &[(NewYear, 101, 102), (SpringFestival, 126, 206), (LabourDay, 501, 501), (NationalDay, 1001, 1002)]),
    (1999, &[(NewYear, 101, 101), (SpringFestival, 210, 226), (LabourDay, 503, 503), (NationalDay, 1001, 1007),
        (MacaoReturn, 1220, 1220), (NewYear, 1231, 1231)]),
    (2000, &[(NewYear, 103, 103), (SpringFestival, 131, 211), (LabourDay, 501, 505), (NationalDay, 1002, 1006)]),
    (2001, &[(NewYear, 101, 101), (SpringFestival, 122, 202), (LabourDay, 501, 507), (NationalDay, 1001, 1005)]),
    (2002, &[(NewYear, 101, 103), (SpringFestival, 211, 222), (LabourDay, 501, 507), (NationalDay, 930, 1007)]),
    (2003, &[(NewYear, 101, 101), (SpringFestival, 130, 207), (LabourDay, 501, 509), (NationalDay, 1001, 1007)]),
    (2004, &[(NewYear, 101, 101), (SpringFestival, 119, 128), (LabourDay, 503, 507), (NationalDay, 1001, 1007)]),
    (2005, &[(NewYear, 103, 103), (SpringFestival, 207, 215), (LabourDay, 502, 506), (NationalDay, 1003, 1007)]),
    (2006, &[(NewYear, 102, 103), (SpringFestival, 126, 203), (LabourDay, 501, 505), (NationalDay, 1002, 1006)]),
    (2007, &[(NewYear, 101, 103), (SpringFestival, 219, 223), (LabourDay, 501, 507), (NationalDay, 1001, 1005),
        (NewYear, 1231, 1231)]),
    (2008, &[(NewYear, 101, 101), (SpringFestival, 206, 212), (QingMing, 404, 404), (LabourDay, 501, 502),
        (DragonBoat, 609, 609), (MidAutumn, 915, 915), (NationalDay, 929, 1003)]),
    (2009, &[(NewYear, 101, 102), (SpringFestival, 126, 130), (QingMing, 406, 406), (LabourDay, 501, 501),
        (DragonBoat, 528, 529), (NationalDay, 1001, 1008)]),
    (2010, &[(NewYear, 101, 101), (SpringFestival, 215, 219), (QingMing, 405, 405), (LabourDay, 503, 503),
        (DragonBoat, 614, 616), (MidAutumn, 922, 924), (NationalDay, 1001, 1007)]),
    (2011, &[(NewYear, 103, 103), (SpringFestival, 202, 208), (QingMing, 404, 405), (LabourDay, 502, 502),
        (DragonBoat, 606, 606), (MidAutumn, 912, 912), (NationalDay, 1003, 1007)]),
    (2012, &[(NewYear, 102, 103), (SpringFestival, 123, 127), (QingMing, 402, 404), (LabourDay, 430, 501),
        (DragonBoat, 622, 622), (NationalDay, 1001, 1005)]),
    (2013, &[(NewYear, 101, 103), (SpringFestival, 211, 215), (QingMing, 404, 405), (LabourDay, 429, 501),
        (DragonBoat, 610, 612), (MidAutumn, 919, 920), (NationalDay, 1001, 1007)]),
    (2014, &[(NewYear, 101, 101), (SpringFestival, 131, 206), (QingMing, 407, 407), (LabourDay, 501, 502),
        (DragonBoat, 602, 602), (MidAutumn, 908, 908), (NationalDay, 1001, 1007)]),
    (2015, &[(NewYear, 101, 102), (SpringFestival, 218, 224), (QingMing, 406, 406), (LabourDay, 501, 501),
        (DragonBoat, 622, 622), (VictoryDay, 903, 904), (NationalDay, 1001, 1007)]),
    (2016, &[(NewYear, 101, 101), (SpringFestival, 208, 212), (QingMing, 404, 404), (LabourDay, 502, 502),
        (DragonBoat, 609, 610), (MidAutumn, 915, 916), (NationalDay, 1003, 1007)]),
    (2017, &[(NewYear, 102, 102), (SpringFestival, 127, 202), (QingMing, 403, 404), (LabourDay, 501, 501),
        (DragonBoat, 529, 530), (NationalDay, 1002, 1006)]),
    (2018, &[(NewYear, 101, 101), (SpringFestival, 215, 221), (QingMing, 405, 406), (LabourDay, 430, 501),
        (DragonBoat, 618, 618), (MidAutumn, 924, 924), (NationalDay, 1001, 1005), (NewYear, 1231, 1231)]),
    (2019, &[(NewYear, 101, 101), (SpringFestival, 204, 208), (QingMing, 405, 405), (LabourDay, 501, 503),
        (DragonBoat, 607, 607), (MidAutumn, 913, 913), (NationalDay, 1001, 1007)]),
    (2020, &[(NewYear, 101, 101), (SpringFestival, 124, 131), (QingMing, 406, 406), (LabourDay, 501, 505),
        (DragonBoat, 625, 626), (NationalDay, 1001, 1008)]),
    (2021, &[(NewYear, 101, 101), (SpringFestival, 211, 217), (QingMing, 405, 405), (LabourDay, 503, 505),
        (DragonBoat, 614, 614), (MidAutumn, 920, 921), (NationalDay, 1001, 1007)]),
    (2022, &[(NewYear, 103, 103), (SpringFestival, 131, 204), (QingMing, 404, 405), (LabourDay, 502, 504),
        (DragonBoat, 603, 603), (MidAutumn, 912, 912), (NationalDay, 1003, 1007)]),
    (2023, &[(NewYear, 102, 102), (SpringFestival, 123, 127), (QingMing, 405, 405), (LabourDay, 501, 503),
        (DragonBoat, 622, 623), (NationalDay, 929, 1006)]),
    (2024, &[(NewYear, 101, 101), (SpringFestival, 209, 216), (QingMing, 404, 405), (LabourDay, 501, 503),
        (DragonBoat, 610, 610), (MidAutumn, 916, 917), (NationalDay, 1001, 1007)]),
    (2025, &[(NewYear, 101, 101), (SpringFestival, 128, 204), (QingMing, 404, 404), (LabourDay, 501, 505),
        (DragonBoat, 602, 602), (NationalDay, 1001, 1008)]),
    (2026, &[(NewYear, 101, 102), (SpringFestival, 216, 223), (QingMing, 406, 406), (LabourDay, 501, 505),
        (DragonBoat, 619, 619), (MidAutumn, 925, 925), (NationalDay, 1001, 1007)]),
];
