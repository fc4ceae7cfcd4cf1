/** Whether a route value may stand where the constraint is. */
export type RouteConstraint = (value: string) => boolean;

const guid = /^\{?[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\}?$/i;

// https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints
const factories: Record<string, (argument: string) => RouteConstraint> = {
  alpha: () => (value) => /^[a-z]*$/i.test(value),
  bool: () => (value) => /^(true|false)$/i.test(value),
  datetime: () => (value) => !Number.isNaN(Date.parse(value)),
  decimal: () => isNumber,
  double: () => isNumber,
  float: () => isNumber,
  guid: () => (value) => guid.test(value),
  int: () => (value) => isInteger(value, -(2n ** 31n), 2n ** 31n - 1n),
  long: () => (value) => isInteger(value),
  length: (argument) => {
    const [shortest = 0, longest = shortest] = numbers(argument);
    return (value) => value.length >= shortest && value.length <= longest;
  },
  minlength: (argument) => (value) => value.length >= Number(argument),
  maxlength: (argument) => (value) => value.length <= Number(argument),
  min: (argument) => (value) => isInteger(value, BigInt(argument)),
  max: (argument) => (value) => isInteger(value, undefined, BigInt(argument)),
  range: (argument) => {
    const [least, most] = argument.split(',').map((number) => BigInt(number.trim()));
    return (value) => isInteger(value, least, most);
  },
  regex: (argument) => {
    const pattern = new RegExp(argument, 'i');
    return (value) => pattern.test(value);
  },
  required: () => (value) => value !== '',
};

/** Undefined when ASP.NET knows no constraint of that name. */
export function routeConstraint(name: string, argument: string): RouteConstraint | undefined {
  return factories[name.toLowerCase()]?.(argument);
}

function isNumber(value: string): boolean {
  return value.trim() !== '' && Number.isFinite(Number(value));
}

function isInteger(value: string, least = -(2n ** 63n), most = 2n ** 63n - 1n): boolean {
  if (!/^[+-]?\d+$/.test(value)) return false;
  const integer = BigInt(value.replace('+', ''));
  return integer >= least && integer <= most;
}

function numbers(list: string): number[] {
  return list.split(',').map(Number);
}
