#include <stdexcept>
#include <string>
#include <vector>

namespace shop {

class Basket {
public:
    explicit Basket(int limit) : limit_(limit) {}
    int total() const;
    void add(int price)
    {
        if (price < 0 || price > limit_)
            throw std::invalid_argument("price");
        prices_.push_back(price);
    }

private:
    int limit_;
    std::vector<int> prices_;
};

int Basket::total() const
{
    int sum = 0;
    for (int price : prices_) {
        sum += price > 100 ? price - 10 : price;
    }
    return sum;
}

template <class T> T clamp(T value, T low, T high)
{
    try {
        if (value < low && low < high) {
            return low;
        } else if (value > high) {
            return high;
        }
    } catch (const std::exception &error) {
        return low;
    }
    return value;
}

}  // namespace shop
