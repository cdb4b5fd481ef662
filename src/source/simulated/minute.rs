//! Splits a day into one-minute bars that add up to it exactly: open, high, low, close and volume are the
//! day's, and the day's turnover becomes the sum of the minutes'.

use super::{
    Window,
    draw::Draw,
    life::{Day, Life},
};
use crate::market::{Interval, LotRule, Symbol, session::bars_per_day};

/// Minutes of continuous trading, 09:30 to 14:57; the closing auction makes the last bar of the day, and
/// nothing trades between.
const CONTINUOUS: usize = 237;

/// One minute; prices and amount in fen, volume in shares.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minute {
    pub(super) open: i64,
    pub(super) high: i64,
    pub(super) low: i64,
    pub(super) close: i64,
    pub(super) volume: i64,
    pub(super) amount: i64,
}

/// Splits one day of a symbol and puts the sum of the turnover into the day. None when it did not trade.
pub(super) fn split(window: &Window, life: &mut Life, at: usize) -> Option<(Symbol, Vec<Minute>)> {
    let symbol = life.symbol;
    let date = window.sessions.get(at)?;
    let day = life.day_mut(at).filter(|day| !day.suspended)?;
    let mut draw = Draw::new(window.seed, &format!("minute/{symbol}/{date}"));
    let turns = Turns::draw(&mut draw, day);
    let volumes = volumes(&mut draw, day.volume, LotRule::of(symbol.board()), &turns);
    let minutes = minutes(&mut draw, day, &volumes, &turns);
    day.amount = minutes.iter().map(|minute| minute.amount).sum();
    Some((symbol, minutes))
}

/// The minutes at whose ends the day's extremes are reached, in time order, with the prices.
struct Turns([(usize, i64); 2]);

impl Turns {
    fn draw(draw: &mut Draw, day: &Day) -> Self {
        let high = draw.whole(0, CONTINUOUS as i64 - 3) as usize;
        let low = draw.whole(0, CONTINUOUS as i64 - 4) as usize;
        let low = if low >= high { low + 1 } else { low };
        let mut turns = [(high, day.high), (low, day.low)];
        turns.sort_unstable();
        Self(turns)
    }

    /// Returns where the price is going to after a minute, and when it is there.
    fn ahead(&self, minute: usize, close: i64) -> (usize, i64) {
        self.0.into_iter().find(|(turn, _)| minute <= *turn).unwrap_or((CONTINUOUS - 1, close))
    }
}

/// Deals the day's shares out: more at the open and the close, whole lots, something at every minute that
/// makes one of the day's prices.
fn volumes(draw: &mut Draw, total: i64, lots: LotRule, turns: &Turns) -> Vec<i64> {
    let count = bars_per_day(Interval::M1);
    let mut volumes = vec![0; count];
    for minute in [0, turns.0[0].0, turns.0[1].0, count - 1] {
        volumes[minute] = lots.minimum;
    }
    let mut left = total - volumes.iter().sum::<i64>();
    let weight = |minute: usize| {
        let from_noon = minute as f64 / CONTINUOUS as f64 - 0.5;
        0.5 + 6.0 * from_noon * from_noon
    };
    let weights: Vec<f64> = (0..CONTINUOUS).map(|minute| weight(minute) * draw.between(0.1, 1.9)).collect();
    // The closing auction takes about a twenty-fifth of the day.
    let sum = weights.iter().sum::<f64>() * 25.0 / 24.0;
    let (mut due, pool) = (0.0, left.max(0) as f64);
    for (volume, weight) in volumes.iter_mut().zip(weights) {
        due += pool * weight / sum;
        let shares = lots.round_buy(due as i64).min(left);
        *volume += shares;
        due -= shares as f64;
        left -= shares;
    }
    if let Some(auction) = volumes.last_mut() {
        *auction += left;
    }
    volumes
}

/// Walks the price from the open over both extremes to the close.
fn minutes(draw: &mut Draw, day: &Day, volumes: &[i64], turns: &Turns) -> Vec<Minute> {
    let span = (day.high - day.low) as f64;
    let mut price = day.open;
    let step = |(minute, volume): (usize, &i64)| {
        let open = price;
        if *volume == 0 {
            return Minute { open, high: open, low: open, close: open, volume: 0, amount: 0 };
        }
        if minute >= CONTINUOUS {
            price = day.close;
            return Minute {
                open: price,
                high: price,
                low: price,
                close: price,
                volume: *volume,
                amount: price * volume,
            };
        }
        let (turn, target) = turns.ahead(minute, day.close);
        let pull = (target - open) as f64 / (turn - minute + 1) as f64;
        let noise = if turn == minute { 0.0 } else { 0.05 * span * draw.normal() };
        price = (open + (pull + noise).round() as i64).clamp(day.low, day.high);
        if turn == minute {
            price = target;
        }
        let reach = |draw: &mut Draw| (0.03 * span * draw.normal().abs()) as i64;
        let high = (open.max(price) + reach(draw)).min(day.high);
        let low = (open.min(price) - reach(draw)).max(day.low);
        let amount = low * volume + (draw.between(0.25, 0.75) * ((high - low) * volume) as f64) as i64;
        Minute { open, high, low, close: price, volume: *volume, amount }
    };
    volumes.iter().enumerate().map(step).collect()
}
