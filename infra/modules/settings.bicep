metadata description = 'Types and validation of the parameters that become app settings.'

@export()
@description('A scope of an access token.')
type scope = 'chat' | 'voip' | 'chat.join' | 'chat.join.limited' | 'voip.join'

@export()
@description('A geography where Communication Services stores data.')
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

@description('Whether the text has only the given characters.')
func isOf(text string, characters string) bool =>
  empty(filter(map(range(0, length(text)), at => substring(text, at, 1)), char => !contains(characters, char)))

@description('Whether the list has duplicates.')
func hasDuplicates(items string[]) bool => length(union(items, items)) != length(items)

@export()
@description('Returns the prefix. Fails the deployment unless it is lower-case letters and digits, starting with a letter.')
func checkedPrefix(prefix string) string =>
  isOf(prefix, '${lowerCase}${digits}') && isOf(first(prefix), lowerCase)
    ? prefix
    : fail('namePrefix must be lower-case letters and digits, starting with a letter')

@export()
@description('Returns ACS_CONNECTION_STRING_SECRET. Fails the deployment unless it is a valid secret name.')
func checkedSecretName(name string) string =>
  isOf(toLower(name), '${lowerCase}${digits}-') ? name : fail('secretName must be letters, digits and hyphens')

@export()
@description('Returns OIDC_SUBJECT_CLAIM. Fails the deployment unless it is a valid claim name.')
func checkedClaim(name string) string =>
  isOf(toLower(name), '${lowerCase}${digits}_.:/-')
    ? name
    : fail('oidcSubjectClaim must be the name of a claim, such as sub or oid')

@export()
@description('Returns the origins. Fails the deployment when one is a wildcard, has a path or is not https.')
func checkedOrigins(origins string[]) string[] =>
  empty(filter(
      origins,
      origin =>
        !startsWith(origin, 'https://') || endsWith(origin, '/') || contains(origin, '*') || length(split(origin, '/')) != 3
    ))
    ? origins
    : fail('corsOrigins must be https origins without a path, such as https://app.example.com')

@export()
@description('Returns TOKEN_ALLOWED_SCOPES. Fails the deployment when a scope appears twice.')
func checkedAllowedScopes(allowedScopes scope[]) string =>
  !hasDuplicates(allowedScopes) ? join(allowedScopes, ',') : fail('tokenAllowedScopes must not contain duplicates')

@export()
@description('Returns TOKEN_DEFAULT_SCOPES. Fails the deployment when a scope appears twice or is not allowed.')
func checkedDefaultScopes(defaultScopes scope[], allowedScopes scope[]) string =>
  length(intersection(defaultScopes, allowedScopes)) == length(defaultScopes)
    ? join(defaultScopes, ',')
    : fail('tokenDefaultScopes must be among tokenAllowedScopes, without duplicates')

@export()
@description('Returns TOKEN_DEFAULT_EXPIRY_MINUTES. Fails the deployment when it exceeds the maximum.')
func checkedDefaultExpiry(defaultMinutes int, maxMinutes int) string =>
  defaultMinutes <= maxMinutes
    ? string(defaultMinutes)
    : fail('tokenDefaultExpiryMinutes must not exceed tokenMaxExpiryMinutes')

@export()
@description('Returns OIDC_ISSUER. Fails the deployment unless it is an https URL without query and fragment.')
func checkedIssuer(issuer string) string =>
  startsWith(issuer, 'https://') && !contains(issuer, '?') && !contains(issuer, '#')
    ? issuer
    : fail('oidcIssuer must be an https URL when callerAuth is oidc')

@export()
@description('Returns OIDC_AUDIENCE. Fails the deployment when it is empty.')
func checkedAudience(audience string) string =>
  !empty(audience) ? audience : fail('oidcAudience is required when callerAuth is oidc')

@export()
@description('Returns OIDC_REQUIRED_SCOPE. Fails the deployment when it is empty.')
func checkedRequiredScope(scopes string[]) string =>
  !empty(scopes)
    ? join(scopes, ',')
    : fail('oidcRequiredScope is required when callerAuth is oidc: the scopes of the API, or none')

@export()
@description('Returns TEAMS_CLIENT_ID. Fails the deployment unless it is a GUID and callers are users of an identity provider.')
func checkedTeamsClientId(clientId string, callerAuth string) string =>
  callerAuth == 'oidc' && length(clientId) == 36 && length(split(clientId, '-')) == 5 && isOf(
      toLower(clientId),
      '${digits}abcdef-'
    )
    ? clientId
    : fail('teamsClientId must be a client id (a GUID), and needs callerAuth oidc')

@export()
@description('Returns the address range. Fails the deployment when it is too small for the subnets.')
func checkedNetwork(addressPrefix string) string =>
  length(split(addressPrefix, '/')) == 2 && parseCidr(addressPrefix).cidr <= 25
    ? addressPrefix
    : fail('networkAddressPrefix must be an address range in CIDR notation, /25 or larger')

@export()
@description('Returns the addresses. Fails the deployment when one is invalid or appears twice.')
func checkedEmails(emails string[]) string[] =>
  empty(filter(emails, email => length(split(email, '@')) != 2 || contains(email, ' '))) && !hasDuplicates(emails)
    ? emails
    : fail('alertEmails must be email addresses, without duplicates')
