struct Basket {
    let limit: Int

    func total(prices: [Int]) -> Int {
        var sum = 0
        for price in prices {
            if price < 0 || price > limit {
                continue
            } else if price == 0 {
                break
            }
            sum += price
        }
        return sum
    }

    func kind(value: Int) -> String {
        switch value {
        case 0:
            return "none"
        case 1:
            return "some"
        default:
            return "many"
        }
    }
}

func parse(text: String?) -> Int {
    guard let given = text else { return 0 }
    var count = given.count
    while count > 1 && count < 100 {
        count -= 1
    }
    return count > 50 ? count : -1
}
