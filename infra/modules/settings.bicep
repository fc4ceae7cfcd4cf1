metadata description = 'What the template knows of the service\'s settings: their types, and what may not be combined.'

@export()
@description('What Communication Services grants to a communication user.')
type scope = 'chat' | 'voip' | 'chat.join' | 'chat.join.limited' | 'voip.join'

@export()
@description('Geographies where Communication Services keeps data.')
type dataLocation =
  | 'Africa'
  | 'Asia Pacific'
  | 'Australia'
  | 'Brazil'
  | 'Canada'
  | 'Europe'
  | 'France'
  | 'Germany'
  | 'India'
  | 'Japan'
  | 'Korea'
  | 'Norway'
  | 'Switzerland'
  | 'UAE'
  | 'UK'
  | 'United States'

var digits = '0123456789'
var lowerCase = 'abcdefghijklmnopqrstuvwxyz'

@description('Whether each character of the text is one of the others.')
func isOf(text string, characters string) bool =>
  empty(filter(map(range(0, length(text)), at => substring(text, at, 1)), char => !contains(characters, char)))

@description('Whether an item is there twice.')
func hasDuplicates(items string[]) bool => length(union(items, items)) != length(items)

@export()
@description('The prefix, or a failed deployment when it has anything but lower-case letters and digits.')
func checkedPrefix(prefix string) string =>
  isOf(prefix, '${lowerCase}${digits}') && isOf(first(prefix), lowerCase)
    ? prefix
    : fail('namePrefix must be lower-case letters and digits, a letter first')

@export()
@description('ACS_CONNECTION_STRING_SECRET, or a failed deployment when it is not the name of a secret.')
func checkedSecretName(name string) string =>
  isOf(toLower(name), '${lowerCase}${digits}-') ? name : fail('secretName must be letters, digits and hyphens')

@export()
@description('OIDC_SUBJECT_CLAIM, or a failed deployment when it is not the name of a claim.')
func checkedClaim(name string) string =>
  isOf(toLower(name), '${lowerCase}${digits}_.:/-') ? name : fail('oidcSubjectClaim must be the name of a claim')

@export()
@description('The origins, or a failed deployment when one is a wildcard, has a path or is not https.')
func checkedOrigins(origins string[]) string[] =>
  empty(filter(
      origins,
      origin =>
        !startsWith(origin, 'https://') || endsWith(origin, '/') || contains(origin, '*') || length(split(origin, '/')) != 3
    ))
    ? origins
    : fail('corsOrigins must be https origins without a path, such as https://app.example.com')

@export()
@description('TOKEN_ALLOWED_SCOPES, or a failed deployment when a scope is named twice.')
func checkedAllowedScopes(allowedScopes scope[]) string =>
  !hasDuplicates(allowedScopes) ? join(allowedScopes, ',') : fail('tokenAllowedScopes must not name a scope twice')

@export()
@description('TOKEN_DEFAULT_SCOPES, or a failed deployment when it names a scope twice or one that is not allowed.')
func checkedDefaultScopes(defaultScopes scope[], allowedScopes scope[]) string =>
  length(intersection(defaultScopes, allowedScopes)) == length(defaultScopes)
    ? join(defaultScopes, ',')
    : fail('tokenDefaultScopes must be among tokenAllowedScopes, each named once')

@export()
@description('TOKEN_DEFAULT_EXPIRY_MINUTES, or a failed deployment when it is more than the longest expiry.')
func checkedDefaultExpiry(defaultMinutes int, maxMinutes int) string =>
  defaultMinutes <= maxMinutes
    ? string(defaultMinutes)
    : fail('tokenDefaultExpiryMinutes must not be more than tokenMaxExpiryMinutes')

@export()
@description('OIDC_ISSUER, or a failed deployment when it is not an https URL.')
func checkedIssuer(issuer string) string =>
  startsWith(issuer, 'https://') && !contains(issuer, '?') && !contains(issuer, '#')
    ? issuer
    : fail('oidcIssuer must be an https URL when callerAuth is oidc')

@export()
@description('OIDC_AUDIENCE, or a failed deployment when it is empty.')
func checkedAudience(audience string) string =>
  !empty(audience) ? audience : fail('oidcAudience is required when callerAuth is oidc')

@export()
@description('Returns OIDC_REQUIRED_SCOPE. Fails the deployment when it is empty.')
func checkedRequiredScope(scopes string[]) string =>
  !empty(scopes)
    ? join(scopes, ',')
    : fail('oidcRequiredScope is required when callerAuth is oidc: the scopes of the API, or none')

@export()
@description('The address range, or a failed deployment when it has no room for the subnets.')
func checkedNetwork(addressPrefix string) string =>
  length(split(addressPrefix, '/')) == 2 && parseCidr(addressPrefix).cidr <= 25
    ? addressPrefix
    : fail('networkAddressPrefix must be a range in CIDR notation, /25 or larger')

@export()
@description('The addresses, or a failed deployment when one is no mail address or is named twice.')
func checkedEmails(emails string[]) string[] =>
  empty(filter(emails, email => length(split(email, '@')) != 2 || contains(email, ' '))) && !hasDuplicates(emails)
    ? emails
    : fail('alertEmails must be mail addresses, each named once')
