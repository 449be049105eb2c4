import { load } from "./load.js";

function total(prices, limit) {
  let sum = 0;
  for (const price of prices) {
    if (price < 0 || price > limit) {
      continue;
    } else if (price === 0) {
      break;
    }
    sum += price;
  }
  return sum;
}

class Basket {
  constructor(limit) {
    this.limit = limit > 0 ? limit : 1;
  }

  kind(value) {
    switch (value) {
      case 0:
        return "none";
      case 1:
        return "some";
      default:
        return "many";
    }
  }
}

async function fetched(name) {
  try {
    while (name.length > 1 && name.startsWith("/")) {
      name = name.slice(1);
    }
    return await load(name);
  } catch (error) {
    return null;
  }
}

export { Basket, fetched, total };
