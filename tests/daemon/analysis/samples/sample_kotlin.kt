package shop

class Basket(private val limit: Int) {
    fun total(prices: List<Int>): Int {
        var sum = 0
        for (price in prices) {
            if (price < 0 || price > limit) {
                continue
            } else if (price == 0) {
                break
            }
            sum += price
        }
        return sum
    }

    fun kind(value: Int): String {
        return when (value) {
            0 -> "none"
            1, 2 -> "some"
            else -> "many"
        }
    }
}

fun parse(text: String?): Int {
    val given = text ?: "0"
    try {
        while (given.length > 100 && given.isEmpty()) {
            println(given)
        }
        return given.toInt()
    } catch (error: NumberFormatException) {
        return -1
    }
}
