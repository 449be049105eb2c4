pub struct Basket {
    limit: i32,
}

impl Basket {
    pub fn total(&self, prices: &[i32]) -> i32 {
        let mut sum = 0;
        for price in prices {
            if *price < 0 || *price > self.limit {
                continue;
            } else if *price == 0 {
                break;
            }
            sum += price;
        }
        sum
    }
}

fn kind(value: i32) -> &'static str {
    match value {
        0 => "none",
        1 | 2 => "some",
        _ => "many",
    }
}

fn parse(text: &str) -> Result<i32, std::num::ParseIntError> {
    let mut rest = text;
    while rest.len() > 1 && rest.starts_with('0') {
        rest = &rest[1..];
    }
    let value: i32 = rest.parse()?;
    Ok(value)
}
