/**
 * How topics hang together, by lower-case name: X's tree as far as it is published
 * (spec/filters.md 9), in two levels, and below each list, apart, what the demo world adds. Which
 * ids the names have is the business of the table `topics`.
 */

const list = (names: string): readonly string[] => names.split(', ')

const LEAGUES = {
  soccer: list(
    'bundesliga, la liga, ligue 1, champions league, europa league, conference league, ' +
      'premier league, serie a',
  ),
  basketball: list('nba, wnba'),
  'american football': list('ncaa, nfl'),
  baseball: list('mlb'),
  cricket: list('ipl'),
  mma: list('wwe'),
  racing: list('f1, nascar, motogp'),
  'ice hockey': list('nhl'),
  skiing: list('snowboarding'),
} as const

/** The last seven are ours: 38 are published, without the names of all. */
const SPORTS = [
  ...Object.keys(LEAGUES),
  ...list('esports, tennis, golf, boxing, rugby, cycling, running, climbing'),
]

/**
 * What a request for the first also stands for. A topic that is not here stands for itself alone,
 * though others may call it their parent. The first four exist to be asked for: no post has them.
 */
export const TOPIC_EXPANSIONS: Readonly<Record<string, readonly string[]>> = {
  'science & technology': [
    ...list('science, technology, ai, software development, robotics, space, biotech, electronics'),
    ...list('astronomy, biology, software, machine learning'),
  ],
  entertainment: [
    ...list('movies & tv, streaming, music, dance, celebrity, gaming, anime'),
    ...list('film, jazz, classical music, video games, board games'),
  ],
  'business & finance': list(
    'business, cryptocurrency, stocks, entrepreneurship, real estate, personal finance',
  ),
  'all sports': ['sports', ...SPORTS, ...Object.values(LEAGUES).flat(), 'football'],
  news: list('natural disasters'),
  'movies & tv': [...list('streaming'), ...list('film')],
  soccer: LEAGUES.soccer.filter((name) => name !== 'premier league' && name !== 'serie a'),
  basketball: LEAGUES.basketball,
  'american football': LEAGUES['american football'],
  baseball: LEAGUES.baseball,
  cricket: LEAGUES.cricket,
  mma: LEAGUES.mma,
  racing: list('f1, nascar'),
  'ice hockey': LEAGUES['ice hockey'],
  skiing: LEAGUES.skiing,
  'health & fitness': list('nutrition, workouts'),
  travel: list('aviation'),
  food: [...list('cooking, baking, restaurants, drinks'), ...list('coffee')],
  pets: list('cats, dogs'),
  family: list('marriage, parenting'),
}

/** Who calls whom parent. Everything else is its own. One level: NBA's is basketball alone. */
export const TOPIC_CHILDREN: Readonly<Record<string, readonly string[]>> = {
  ...LEAGUES,
  music: [
    ...list('pop, k-pop, country, electronic, j-pop, rock, hip-hop, jazz, concerts'),
    ...list('classical music'),
  ],
  art: list('design, digital art, photography'),
  news: list('natural disasters, crime'),
  food: [...list('cooking, baking, restaurants, drinks'), ...list('coffee')],
  travel: list('aviation'),
  pets: list('cats, dogs'),
  religion: list('buddhism, christianity, hinduism, islam, judaism'),
  'health & fitness': list('nutrition, workouts, mental health'),
  relationships: list('dating, marriage'),
  family: list('parenting'),
  politics: list('elections'),
  business: list('cryptocurrency, stocks, entrepreneurship, real estate, personal finance'),
  technology: [
    ...list('ai, software development, robotics, electronics'),
    ...list('software, machine learning'),
  ],
  science: [...list('biotech, space'), ...list('astronomy, biology')],
  gaming: [...list('esports'), ...list('video games, board games, chess')],
  cars: list('motorcycles'),
  'movies & tv': [...list('streaming'), ...list('film')],
  sports: [...SPORTS.filter((name) => name !== 'esports'), 'football'],
}
