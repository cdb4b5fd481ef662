//! Digits of names and digests, written one by one: a format string costs more than the rest of an order.

/// Writes the last digits of a number over a part of a text; letters are small.
pub(super) fn write_digits<const BASE: u32>(part: &mut [u8], mut number: u32) {
    for digit in part.iter_mut().rev() {
        let value = (number % BASE) as u8;
        *digit = if value < 10 { b'0' + value } else { b'a' + value - 10 };
        number /= BASE;
    }
}

#[cfg(test)]
mod tests {
    use super::write_digits;

    #[test]
    fn digits_are_those_of_a_format_string() {
        for number in [0, 1, 9, 10, 255, 65_535, 305_419_896, u32::MAX] {
            let mut hexadecimal = [b' '; 8];
            write_digits::<16>(&mut hexadecimal, number);
            assert_eq!(hexadecimal.as_slice(), format!("{number:08x}").as_bytes());
            let mut decimal = [b' '; 10];
            write_digits::<10>(&mut decimal, number);
            assert_eq!(decimal.as_slice(), format!("{number:010}").as_bytes());
        }
    }
}
