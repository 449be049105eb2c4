package shop;

import java.util.List;

public class Basket {
    private final int limit;

    public Basket(int limit) {
        this.limit = limit > 0 ? limit : 1;
    }

    public int total(List<Integer> prices) {
        int sum = 0;
        for (int price : prices) {
            if (price < 0 || price > limit) {
                continue;
            } else if (price == 0) {
                break;
            }
            sum += price;
        }
        return sum;
    }

    static String kind(int value) {
        switch (value) {
            case 0:
                return "none";
            case 1:
            case 2:
                return "some";
            default:
                return "many";
        }
    }

    int parse(String text) {
        try {
            while (text.startsWith("0") && text.length() > 1) {
                text = text.substring(1);
            }
            return Integer.parseInt(text);
        } catch (NumberFormatException error) {
            return -1;
        }
    }
}
