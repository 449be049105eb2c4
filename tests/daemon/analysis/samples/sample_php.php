<?php
class Basket
{
    private $limit = 10;

    public function total(array $prices)
    {
        $sum = 0;
        foreach ($prices as $price) {
            if ($price < 0 || $price > $this->limit) {
                continue;
            } elseif ($price === 0) {
                break;
            }
            $sum += $price;
        }
        return $sum;
    }

    public static function kind($value)
    {
        switch ($value) {
            case 0:
                return "none";
            case 1:
                return "some";
            default:
                return "many";
        }
    }
}

function parse($text)
{
    try {
        while (strlen($text) > 1 && $text[0] === "0") {
            $text = substr($text, 1);
        }
        return $text === "" ? 0 : intval($text);
    } catch (Exception $error) {
        return -1;
    }
}
